-- An index that no query reads: accounts are found by their id, and a name is compared without regard to case among the few
-- competitors of an account.
--
-- Queries that need it: none; every new row of an account pays less.

DROP INDEX instagram.user_username;
