//! When a schedule fires: at, rate, cron, time zones, and what happens when runs overlap. Pure.
