//! Instagram Graph API client: requests, metric catalogue, errors, usage
