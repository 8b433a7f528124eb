//! Fires schedules: wakes at their times, commits what is due, calls their targets, tries again.
