//! For the demo and the tests: Graph API simulator, Meta's signer and sender, test servers
