//! Carries out what the batch core decides: step, commit, start, adopt, keep the logs.
