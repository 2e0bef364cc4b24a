import fc from "fast-check";
import { RECIPE_DATABASE } from "../../provider/src/recipe/filters";

/**
 * Statements of all kinds on a scene of their own: names with `{p}` belong to one case, so that many run side by side. With the recipe's
 * patterns, some of the tables match and some don't, by their name or by their database.
 */

export interface ReachCase {
  /** Sent one by one. */
  readonly statements: readonly string[];
  /** What has to be on both nodes before. */
  readonly scene: readonly string[];
  /** False: the text alone does not tell. */
  readonly told: boolean;
}

const of = <T>(...values: T[]) => fc.constantFrom(...values);

interface Named {
  readonly database: string;
  readonly name: string;
  /** As the statement has it. */
  readonly text: string;
}

const DATABASES = [RECIPE_DATABASE, "elsewhere", "replicatedXsessionXstore"];
const NAMES = [
  "session",
  "x_conf",
  "Attribute",
  "a_KEY_ID_MAP",
  "notes",
  "session_old",
  "conf é",
  "sessions",
  "my-session",
];

/** A name of this number, so that two of them in a statement differ. */
const named = (use: string, number: number | string): fc.Arbitrary<Named> =>
  fc
    .tuple(
      of(use, use, ...DATABASES),
      of(...NAMES),
      fc.boolean(),
      of(false, false, true),
      of("", "", " ", "/*x*/", "\n"),
      fc.boolean(),
    )
    .map(([database, name, isQualified, isQuoted, gap, quotesDatabase]) => {
      const whole = `{p}${number}${name}`;
      const quoted = isQuoted || /[^\w{}]/.test(whole) ? `\`${whole}\`` : whole;
      const prefix = quotesDatabase ? `\`${database}\`` : database;
      return {
        database,
        name: whole,
        text: isQualified || database !== use ? `${prefix}${gap}.${gap}${quoted}` : quoted,
      };
    });

const full = ({ database, name }: Named) => `\`${database}\`.\`${name}\``;
const tableOf = (table: Named) => [
  `CREATE TABLE ${full(table)} (id INT PRIMARY KEY, v INT)`,
  `INSERT INTO ${full(table)} VALUES (1, 10), (2, 20)`,
];

type Shape = Pick<ReachCase, "scene"> & { readonly text: string; readonly told?: boolean };
const shape = (text: string, ...scene: readonly (readonly string[])[]): Shape => ({ text, scene: scene.flat() });

function statement(use: string): fc.Arbitrary<Shape> {
  const old = named(use, "o");
  const other = named(use, "q");
  const fresh = named(use, "n");
  const one = (...texts: string[]) =>
    fc
      .tuple(old, of(...texts))
      .map(([a, text]) => shape(text.replaceAll("T", () => a.text).replace("<D>", a.database), tableOf(a)));
  const two = (...texts: string[]) =>
    fc.tuple(old, other, of(...texts)).map(([a, b, text]) =>
      shape(
        text.replaceAll(/[TU]/g, (which) => (which === "T" ? a : b).text),
        tableOf(a),
        tableOf(b),
      ),
    );
  const toFresh = (...texts: string[]) =>
    fc.tuple(old, fresh, of(...texts)).map(([a, b, text]) =>
      shape(
        text.replaceAll(/[TU]/g, (which) => (which === "T" ? a : b).text),
        tableOf(a),
      ),
    );
  const only = (...texts: string[]) =>
    fc.tuple(fresh, of(...texts)).map(([a, text]) => shape(text.replaceAll("T", () => a.text)));
  const onView = (...texts: string[]) =>
    fc.tuple(old, other, of(...texts)).map(([a, b, text]) =>
      shape(
        text.replaceAll("T", () => a.text),
        tableOf(b),
        [`create view ${full(a)} as select * from ${full(b)}`],
      ),
    );
  const onSequence = (...texts: string[]) =>
    fc.tuple(old, of(...texts)).map(([a, text]) =>
      shape(
        text.replaceAll("T", () => a.text),
        [`create sequence ${full(a)} nocache`],
      ),
    );
  const account = (...texts: string[]) =>
    fc.tuple(old, of(...texts)).map(([a, text]) =>
      shape(
        text.replaceAll("T", () => a.text),
        tableOf(a),
        ["create user {p}u identified by 'one'"],
      ),
    );
  return fc.oneof(
    {
      weight: 4,
      arbitrary: one(
        "insert into T values (3, 30)",
        "insert T set id = 3",
        "insert ignore into T (id) values (3)",
        "replace into T values (1, 11)",
        "update T set v = 11",
        "update low_priority T as x set x.v = 11 where x.id = 1",
        "delete from T",
        "delete quick from T where id = 1 limit 1",
        "delete x from T as x where x.id = 1",
        "delete from x using T x",
        "load data infile '{file}' into table T fields terminated by ','",
        "load data infile '{file}' replace into table T fields terminated by ','",
        "select * from T",
        "select * from T for update",
        "do (select max(v) from T)",
        "with w as (select 1 as i) select * from w, T",
        "set @x = (select max(v) from T)",
        "explain delete from T",
        "show create table T",
        "describe T",
        "insert into T values (3, 30) returning id",
        "delete from T where id = 1 returning v",
        "insert into T select 5 + id, v from (select 1 as id, 2 as v) as d",
        "insert into T values (1, 1) on duplicate key update v = 99",
        "set statement max_statement_time = 100 for insert into T values (4, 4)",
        "set statement sql_mode = '' for update T set v = 12",
        "execute immediate 'update T set v = 13'",
        "prepare {p}s from 'update T set v = 13'",
      ),
    },
    {
      weight: 4,
      arbitrary: two(
        "insert into T select id + 10, v from U",
        "replace into T select id, v + 1 from U",
        "update T as a join U as b on a.id = b.id set a.v = 5, b.v = 6",
        "update T as a, U as b set a.v = 5 where a.id = b.id",
        "update T as a join U as b using (id) set b.v = 7",
        "update (T as a inner join U as b on a.id = b.id) set a.v = b.v + 1",
        "update T as a set a.v = 8 where id in (select id from U)",
        "delete from T where id in (select id from U)",
        "delete a from T as a, U as b where a.id = b.id",
        "delete a, b from T as a join U as b on a.id = b.id",
        "delete from a, b using T as a join U as b on a.id = b.id",
        "delete b.* from T as a left join U as b on a.id = b.id",
        "delete a.*, b.* from T as a join U as b using (id)",
        "update T as a set v = (select max(v) from U) + 1",
      ),
    },
    {
      weight: 4,
      arbitrary: one(
        "alter table T add w int",
        "alter ignore table T add column if not exists (w int, x int)",
        "alter table T comment 'x'",
        "alter table T drop column v",
        "alter table if exists T modify v bigint",
        "alter table T wait 5 add index (v)",
        "create index {p}i on T (v)",
        "create or replace unique index {p}i using btree on T (v)",
        "create index if not exists {p}i on T (v) comment 'on notes'",
        "drop index `PRIMARY` on T",
        "truncate table T",
        "truncate T",
        "drop table T",
        "drop table if exists T cascade",
        "drop tables T wait 3",
        "create or replace table T (id int)",
        "create trigger <D>.{p}t before insert on T for each row set @a = 1",
        "create definer = root@localhost trigger <D>.{p}t after update on T for each row set @a = 1",
        "lock tables T write",
        "alter table T rename column v to w",
        "alter table T convert to character set latin1 collate latin1_bin",
        "alter table T partition by hash (id) partitions 2",
      ),
    },
    {
      weight: 3,
      arbitrary: two("drop table T, U", "drop table if exists T, U", "drop tables T, U restrict"),
    },
    {
      weight: 3,
      arbitrary: toFresh(
        "rename table T to U",
        "rename tables if exists T to U",
        "alter table T rename to U",
        "alter table T rename as U",
        "alter table T rename U",
        "create table U like T",
        "create table U (like T)",
        "create table U as select * from T",
        "create table U select * from T",
        "create table U (id int primary key) as select id from T",
        "create or replace view U as select * from T",
        "create view U (a, b) as select * from T",
        "create algorithm = merge definer = root@localhost sql security invoker view U as select id from T",
        "create temporary table U like T",
        "create temporary table U as select * from T",
      ),
    },
    {
      weight: 2,
      arbitrary: only(
        "create table T (id int)",
        "create table if not exists T (id int primary key) engine = aria",
        "create table T (id int) with system versioning",
        "create or replace temporary table T (id int)",
        "create sequence T",
        "create sequence if not exists T start with 5 nocache",
        "create or replace sequence T",
        "create table T (id int default 1 comment ';') comment = 'x''y'",
        "create view T as select 1 as one",
      ),
    },
    {
      weight: 2,
      arbitrary: onView(
        "drop view T",
        "drop view if exists T cascade",
        "alter view T as select 1 as one",
        "create or replace view T as select 2 as two",
        // Rows that go through a view are those of a table that the statement does not name.
      ),
    },
    {
      weight: 2,
      arbitrary: onSequence(
        "select nextval(T)",
        "select next value for T",
        "do setval(T, 50)",
        "drop sequence T",
        "drop sequence if exists T",
        "alter sequence T increment by 5",
        "select lastval(T)",
        "do nextval(T)",
        "set @x = nextval(T)",
      ),
    },
    {
      weight: 1,
      arbitrary: account(
        "grant select on T to {p}u",
        "grant insert (v) on T to {p}u",
        "revoke all privileges, grant option from {p}u",
        "set password for {p}u = password('two')",
        "alter user {p}u account lock",
        "drop user {p}u",
        "rename user {p}u to {p}w",
        "grant all privileges on `{p}%`.* to {p}u with grant option",
        "create user {p}v",
        "create role {p}r",
        "set default role none for {p}u",
      ),
    },
    {
      weight: 1,
      arbitrary: one("analyze table T", "check table T", "handler T open", "flush table T", "repair table T").map(
        (text) => ({ ...text, told: false }),
      ),
    },
    { weight: 1, arbitrary: fc.constant(shape("create database {p}db")) },
    { weight: 1, arbitrary: fc.constant(shape("drop schema if exists {p}db", ["create database {p}db"])) },
    {
      weight: 1,
      arbitrary: fc.constant(shape("alter database {p}db character set latin1", ["create database {p}db"])),
    },
    {
      weight: 1,
      arbitrary: of(
        shape("create procedure {p}f() select 1"),
        shape("create or replace function {p}f() returns int deterministic no sql return 1"),
        shape("create event {p}e on schedule every 1 day do select 1"),
        shape("create procedure if not exists elsewhere.{p}f() sql security invoker begin select 1; end"),
        shape("drop procedure {p}f", [`create procedure ${use}.{p}f() select 1`]),
        shape("drop event if exists {p}e", [`create event ${use}.{p}e on schedule every 1 day do select 1`]),
      ),
    },
  );
}

/** What may stand between two words. */
const gap = of(
  " ",
  " ",
  " ",
  " ",
  "\n",
  "\t",
  " /* create table notes */ ",
  " -- on notes\n",
  " # it's\n",
  " /*! */ ",
  " /*M!999999 GRANT */ ",
  " /*!50701 x */ ",
  "\r\n",
  " /**/ ",
);

/** Other gaps between words, outside of quotes and names; capitals; an executable comment around it. */
const dressed = ({ text, ...more }: Shape): fc.Arbitrary<Shape> => {
  const words = text.split(/ (?=(?:[^'`]|'[^']*'|`[^`]*`)*$)/);
  return fc
    .tuple(
      fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant(" ") }, { weight: 1, arbitrary: gap }), {
        minLength: words.length,
        maxLength: words.length,
      }),
      of("no", "no", "no", "whole", "first", "whole for MariaDB"),
      of("", "", "", "-- x\n", "/* drop table notes; */ ", "\n\t"),
      of("", "", ";", " ; ", " -- x", " /* x */"),
    )
    .map(([gaps, executable, before, behind]) => {
      const joined = words.map((word, i) => (i === 0 ? word : (gaps[i] ?? " ") + word)).join("");
      const [first = "", ...rest] = words;
      const body = {
        no: joined,
        whole: `/*!50100 ${text} */`,
        "whole for MariaDB": `/*M!100500 ${text}*/`,
        first: `/*!${first}*/ ${rest.join(" ")}`,
      }[executable];
      return { ...more, text: before + body + behind };
    });
};

export const reachCase: fc.Arbitrary<ReachCase> = of(
  RECIPE_DATABASE,
  RECIPE_DATABASE,
  RECIPE_DATABASE,
  "elsewhere",
  "replicatedXsessionXstore",
).chain((use) =>
  fc
    .tuple(
      statement(use).chain(dressed),
      of(
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "set session sql_log_bin = 0",
        "set @@sql_log_bin := off",
        "set @x = 1",
        "set local sql_log_bin = 'ON'",
      ),
    )
    .map(([{ text, scene, told = true }, setting]) => ({
      statements: [...(use === RECIPE_DATABASE ? [] : [`use ${use}`]), ...(setting ? [setting] : []), text],
      scene,
      told,
    })),
);
