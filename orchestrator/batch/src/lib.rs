//! Container jobs: what a job is, and what happens to it next. Pure: jobs, queues and environments go in, decisions come out.
