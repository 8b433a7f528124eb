//! Runs the attempts of container jobs: on Docker, and as processes where there is none.
