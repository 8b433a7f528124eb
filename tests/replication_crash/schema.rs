//! The source's tables, and what is always true of them.
//!
//! - `account_a`, `account_b`, `account_c`: a bank. Every transfer is one transaction over several of them; the sum of all balances never changes.
//!   Each also writes into `version_log` the next version and a sum in which every account has a weight of its own: whoever sees a version sees
//!   exactly that sum, or has seen half of a transaction.
//! - `appended`: a table without a key to which each transaction appends a number: what is applied twice or not at all shows.
//! - `item`: keys that change and are exchanged, unique values that are permuted, large values that stay.
//! - `keyless`: rows without a key, with duplicates, found by the whole row.
//! - `scratch`: truncated now and then. `routed`: partitioned; rows move. `evolving`: its columns come and go.

/// Makes and fills the tables.
pub(crate) const TABLES: &str = "
    create table account_a (id int primary key, balance bigint not null);
    create table account_b (id int primary key, balance bigint not null);
    create table account_c (id int primary key, balance bigint not null);
    insert into account_a select i, 1000 from generate_series(1, 50) i;
    insert into account_b select i, 1000 from generate_series(1, 50) i;
    insert into account_c select i, 1000 from generate_series(1, 50) i;
    create table version (id int primary key, n bigint not null);
    insert into version values (1, 0);
    create table version_log (n bigint primary key, weighted numeric not null);
    create table appended (writer int, n bigint, at timestamptz default now());
    create table item (id int primary key, u int, n int, big text, note text, constraint item_u unique (u) deferrable initially deferred);
    alter table item alter big set storage external;
    insert into item select i, i, 0, repeat(md5(i::text), 100), 'loaded' from generate_series(1, 300) i;
    create table keyless (a int, b text);
    alter table keyless replica identity full;
    insert into keyless select i % 20, 'b' || i % 3 from generate_series(1, 200) i;
    create table scratch (id bigint generated always as identity primary key, s text);
    create table routed (id int, k int, s text, primary key (id, k)) partition by list (k);
    create table routed_0 partition of routed for values in (0);
    create table routed_1 (s text, id int not null, k int not null, primary key (id, k));
    alter table routed attach partition routed_1 for values in (1);
    insert into routed select i, i % 2, 's' || i from generate_series(1, 200) i;
    create table evolving (id int primary key, label text);
    insert into evolving select i, 'l' || i from generate_series(1, 100) i;
    create table bulk (id int primary key, s text);
    insert into bulk select i, repeat(md5(i::text), 4) from generate_series(1, 60000) i;
    insert into version_log select 0, (select sum(balance * weight) from weighted);
    ";

/// All accounts with their weights; the views are made first and stay at the source.
pub(crate) const WEIGHTED: &str = "
    (select balance, (id * 7 + 1)::numeric weight from account_a
     union all select balance, (id * 11 + 2)::numeric from account_b
     union all select balance, (id * 13 + 3)::numeric from account_c)";

/// What the balances come to, always.
pub(crate) const TOTAL: &str = "150000";
