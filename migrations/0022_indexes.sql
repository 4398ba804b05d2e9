-- An index that no query reads: accounts are found by their id, and a name is compared without regard to case among the few
-- competitors of an account.
--
-- Queries that need it: none; every new row of an account pays less.

-- An index of so many rows as there are accounts: the lock is held for an instant.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX instagram.user_username;
