//! A table with a column of nearly every type, and values at their edges.

pub(crate) const ZOO: &str = "create extension hstore; create extension citext; create type mood as enum ('sad', 'very glad');
        create domain positive as int check (value > 0); create type pair as (a int, b text); create type spans as range (subtype = float8);
        create domain pairs as pair[];
        create table zoo (id int primary key, b bool, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, n2 numeric(10, 2), m money, s text, vc varchar(20),
          ch char(6), qc \"char\", nm name, ba bytea, d date, t time, tz timetz, ts timestamp, tsz timestamptz, iv interval, u uuid, j json, jb jsonb,
          x xml, bi bit(5), vb varbit, ip inet, ci cidr, ma macaddr, m8 macaddr8, p point, l line, ls lseg, bx box, pa path, po polygon, ci2 circle,
          tv tsvector, tq tsquery, lsn pg_lsn, sn pg_snapshot, ia int[], ta text[], ma2 mood[], mo mood, po2 positive, pr pair, pra pair[], prd pairs,
          r int4range, mr int4multirange, sp spans, tr tstzrange, h hstore, cit citext, jp jsonpath, o oid, nul text);
        create table zoo_full as table zoo; alter table zoo_full replica identity full";

pub(crate) const ZOO_ROWS: &str = "insert into zoo values
        (1, true, -32768, 9223372036854775807, 'NaN', '-Infinity', 'NaN', 12345678.90, '-92233720368547758.08', 'text', 'v', 'ab', 'x', 'name', '\\x00ff',
         '4713-01-01 BC', '24:00:00', '23:59:59.999999+15:59', 'infinity', '-infinity', '1 year -2 mons 3 days -04:05:06.789', gen_random_uuid(),
         '{\"a\":  1, \"a\": 2}', '{\"b\": [1, null, \"x\"], \"a\": 1.10}', '<a>ü</a>', b'10101', b'1', '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03',
         '08:00:2b:01:02:03:04:05', '(1.5,-2)', '{1,2,3}', '[(0,0),(1,1)]', '(2,2),(1,1)', '((0,0),(1,1),(2,0))', '((0,0),(1,1),(2,0))', '<(0,0),2>',
         'a:1A b:2', 'a & !b', '16/B374D848', '10:20:10,14', '[0:2]={1,null,3}', '{{a,\"b,c\"},{\"\",null}}', '{sad,\"very glad\"}', 'very glad', 7, '(1,\"a b\")',
         '{\"(1,x)\",\"(,)\"}', '{\"(2,y)\"}', '[1,10)', '{[1,3),[5,)}', '(,1.5]', '[2020-01-01,infinity)', 'a=>1, b=>null', 'CiT', '$.a[*] ? (@ > 1)', 42, null),
        (2, false, 0, 0, '-0', '-0', '1e-20', 0.10, 0, '', '', '', '', '', '', '0001-01-01 BC', '00:00', '00:00-15:59', '4714-11-24 00:00:00 BC', '294276-12-31 23:59:59.999999+00',
         '-178000000 years', gen_random_uuid(), 'null', 'null', '<b/>', b'00000', b'', '::1', '::/0', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff', '(NaN,Infinity)', '{1,2,3}',
         '[(0,0),(1,1)]', '(2,2),(1,1)', '[(0,0),(1,1)]', '((0,0),(1,1),(2,0))', '<(0,0),0>', '', '', '0/0', '10:10:', '{}', '{}', '{}', 'sad', 1, '(,)', '{}', '{}',
         'empty', '{}', 'empty', '(,)', '', '', 'strict $', 4294967295, null);
        insert into zoo (id) values (3);
        insert into zoo select id + 10, b, i2, i8, f4, f8, 'Infinity', n2, m, s, vc, ch, qc, nm, ba, d, t, tz, ts, tsz, iv, u, j, jb, x, bi, vb, ip, ci, ma, m8, p, l, ls, bx, pa, po, ci2,
          tv, tq, lsn, sn, ia, ta, ma2, mo, po2, pr, pra, prd, r, mr, sp, tr, h, cit, jp, o, nul from zoo;
        insert into zoo select id + 100 + i from zoo, generate_series(1000, 5000, 1000) i where id = 1;
        insert into zoo_full select * from zoo";
