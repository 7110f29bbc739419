// The schema of a shared database as numbered steps, forward only, in a schema of its own: mpm.
// - A step that was released never changes. All steps that are missing are one transaction, under a lock: monitors that
//   start at the same time take them once.
// - Every table has a tenant and an owner, for the scope and for row-level security.
// - Events lie in partitions by the week in which they were stored, so that `n` rises from one to the next.

import type { ReasonOf } from "../../contract/reasons.ts";
import { done, failed, type Result } from "../../contract/result.ts";
import { ROW_ENTRIES } from "../../contract/row.ts";
import { integer, text } from "../columns.ts";
import { type Database, Newer, type Statements } from "./connection.ts";
import { DEFAULT_SCOPE } from "./scope.ts";

/** Key of the lock under which the schema changes: "mpm" in ASCII. */
export const SCHEMA_LOCK = 0x6d706d;

/** Tables that have a partition a week. */
export const WEEKLY = ["event", "body", "words"] as const;

const SQL_TYPES = { INTEGER: "bigint", REAL: "double precision", TEXT: "text" };
const ROW_COLUMNS = ROW_ENTRIES.map(([, { column, sql }]) => `${column} ${SQL_TYPES[sql]}`).join(", ");
const OWNED = `tenant text COLLATE "C" NOT NULL, user_id text COLLATE "C" NOT NULL`;

const TABLES = `
  CREATE TABLE mpm.counter (
    tenant text COLLATE "C" PRIMARY KEY,
    n bigint NOT NULL, touch bigint NOT NULL, events bigint NOT NULL, bytes bigint NOT NULL
  ) WITH (fillfactor = 20);
  CREATE TABLE mpm.touched (${OWNED}, touch bigint NOT NULL, session text NOT NULL, at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX touched_place ON mpm.touched (tenant, touch);
  CREATE TABLE mpm.known (
    ${OWNED}, id text COLLATE "C" NOT NULL, week integer NOT NULL, PRIMARY KEY (tenant, id)
  );
  CREATE TABLE mpm.event (${OWNED}, week integer NOT NULL, file text, project text, ${ROW_COLUMNS},
    PRIMARY KEY (week, tenant, n)) PARTITION BY LIST (week);
  CREATE UNIQUE INDEX event_id ON mpm.event (week, tenant, id);
  CREATE INDEX event_session ON mpm.event (tenant, session, n);
  CREATE INDEX event_time ON mpm.event (tenant, t);
  CREATE INDEX event_n ON mpm.event (tenant, n);
  CREATE INDEX event_failed ON mpm.event (tenant, n) WHERE failed = 1;
  CREATE TABLE mpm.body (${OWNED}, week integer NOT NULL, id text COLLATE "C" NOT NULL, json text NOT NULL, words tsvector,
    PRIMARY KEY (week, tenant, id)) PARTITION BY LIST (week);
  CREATE INDEX body_words ON mpm.body USING gin (words);
  CREATE TABLE mpm.session (
    ${OWNED}, id text COLLATE "C" NOT NULL,
    first_at bigint NOT NULL, last_at bigint NOT NULL,
    state text NOT NULL, host text NOT NULL, project text NOT NULL,
    gaps bigint NOT NULL, words text NOT NULL, cost double precision, json text NOT NULL,
    PRIMARY KEY (tenant, id)
  );
  CREATE INDEX session_last ON mpm.session (tenant, last_at, id);
  CREATE INDEX session_owner ON mpm.session (tenant, user_id, last_at, id);
  CREATE INDEX session_project ON mpm.session (tenant, project, last_at);
  CREATE TABLE mpm.project (${OWNED}, path text COLLATE "C" NOT NULL, repository text, PRIMARY KEY (tenant, path));
  CREATE TABLE mpm.answer (
    ${OWNED}, id text COLLATE "C" NOT NULL, place bigint GENERATED ALWAYS AS IDENTITY,
    t bigint NOT NULL, session text COLLATE "C" NOT NULL, project text NOT NULL, model text NOT NULL,
    input bigint NOT NULL, output bigint NOT NULL, cache_read bigint NOT NULL,
    cache_write bigint NOT NULL, cache_write_hour bigint NOT NULL,
    PRIMARY KEY (tenant, id)
  );
  CREATE INDEX answer_session ON mpm.answer (tenant, session);
  CREATE INDEX answer_time ON mpm.answer (tenant, t, place);
  CREATE TABLE mpm.turn (
    ${OWNED}, session text COLLATE "C" NOT NULL, number bigint NOT NULL, started_at bigint NOT NULL, json text NOT NULL,
    PRIMARY KEY (tenant, session, number)
  );
  CREATE TABLE mpm.wait (
    ${OWNED}, session text COLLATE "C" NOT NULL, id bigint NOT NULL, kind text NOT NULL, tool text NOT NULL,
    since bigint NOT NULL, until bigint NOT NULL, outcome text NOT NULL,
    PRIMARY KEY (tenant, session, id)
  );
  CREATE INDEX wait_since ON mpm.wait (tenant, since);
  CREATE TABLE mpm.bookmark (${OWNED}, name text COLLATE "C" NOT NULL, value text NOT NULL, PRIMARY KEY (tenant, name));
  CREATE TABLE mpm.forgotten (${OWNED}, session text COLLATE "C" NOT NULL, seq bigint NOT NULL, PRIMARY KEY (tenant, session));
  CREATE TABLE mpm.consumer (
    ${OWNED}, name text COLLATE "C" NOT NULL, n bigint NOT NULL, missed bigint NOT NULL, PRIMARY KEY (tenant, name)
  );
`;

/**
 * The fence behind the statements: what a transaction has not said to be in its scope is not there for it. The words of the
 * search lie outside of it, in a table that no statement reads but to find ids: the planner uses no index on `@@` behind a fence.
 */
const inTenant = "tenant = current_setting('mpm.tenant', true)";
const ofUsers = `${inTenant} AND CASE WHEN current_setting('mpm.users', true) = '*' THEN true
  ELSE user_id = ANY (current_setting('mpm.users', true)::text[]) END`;
const fence = (table: string, condition: string) => `
  ALTER TABLE mpm.${table} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE mpm.${table} FORCE ROW LEVEL SECURITY;
  CREATE POLICY scope ON mpm.${table} USING (${condition});`;

const TEAM = `
  CREATE TABLE mpm.words (${OWNED}, week integer NOT NULL, id text COLLATE "C" NOT NULL, words tsvector,
    PRIMARY KEY (week, tenant, id)) PARTITION BY LIST (week);
  CREATE INDEX words_found ON mpm.words USING gin (words);
  DO $$ DECLARE part record; BEGIN
    FOR part IN SELECT substring(c.relname FROM 'body_w([0-9]+)')::integer AS week
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'mpm.body'::regclass
    LOOP
      EXECUTE format('CREATE TABLE mpm.words_w%s PARTITION OF mpm.words FOR VALUES IN (%s)', part.week, part.week);
      EXECUTE format('INSERT INTO mpm.words SELECT tenant, user_id, week, id, words FROM mpm.body_w%s', part.week);
    END LOOP;
  END $$;
  CREATE FUNCTION mpm.keep_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('CREATE TABLE IF NOT EXISTS mpm.words_w%s PARTITION OF mpm.words FOR VALUES IN (%s)', NEW.week, NEW.week);
    INSERT INTO mpm.words VALUES (NEW.tenant, NEW.user_id, NEW.week, NEW.id, NEW.words) ON CONFLICT DO NOTHING;
    RETURN NULL;
  END $$;
  CREATE TRIGGER keep_words AFTER INSERT ON mpm.body FOR EACH ROW WHEN (NEW.words IS NOT NULL) EXECUTE FUNCTION mpm.keep_words();
  CREATE TABLE mpm.team (
    tenant text COLLATE "C" PRIMARY KEY, name text NOT NULL, url text, content text NOT NULL,
    created_at bigint NOT NULL, version bigint NOT NULL
  );
  CREATE TABLE mpm.person (
    tenant text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, name text NOT NULL, role text NOT NULL, subject text,
    created_at bigint NOT NULL, revoked_at bigint, PRIMARY KEY (tenant, id)
  );
  CREATE UNIQUE INDEX person_name ON mpm.person (tenant, lower(name)) WHERE revoked_at IS NULL;
  CREATE UNIQUE INDEX person_subject ON mpm.person (tenant, subject) WHERE revoked_at IS NULL;
  CREATE TABLE mpm.device (
    tenant text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, person text COLLATE "C" NOT NULL, host text NOT NULL,
    token text COLLATE "C" NOT NULL UNIQUE, created_at bigint NOT NULL, revoked_at bigint, seen_at bigint, report text,
    PRIMARY KEY (tenant, id)
  );
  CREATE TABLE mpm.code (
    code text COLLATE "C" PRIMARY KEY, tenant text COLLATE "C" NOT NULL, purpose text NOT NULL, person text, name text,
    role text NOT NULL, made_by text, expires_at bigint NOT NULL, used_at bigint
  );
  CREATE TABLE mpm.visit (
    visit text COLLATE "C" PRIMARY KEY, tenant text COLLATE "C" NOT NULL, person text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL
  );
  CREATE TABLE mpm.audit (
    tenant text COLLATE "C" NOT NULL, place bigint GENERATED ALWAYS AS IDENTITY, at bigint NOT NULL, person text, device text,
    action text NOT NULL, session text, owner text, about text, PRIMARY KEY (tenant, place)
  );
  ${["event", "body", "known", "session", "answer", "turn", "wait", "touched"].map((table) => fence(table, ofUsers)).join("")}
  ${["project", "bookmark", "forgotten", "consumer"].map((table) => fence(table, inTenant)).join("")}
`;

/**
 * Ids are compared with those of other tables, which are of the collation "C": an index of another collation finds none of
 * them. Words of an event lie beside its narrow row, and both large texts are compressed by what is quickest.
 */
const QUICK = `
  ALTER TABLE mpm.event ALTER COLUMN id TYPE text COLLATE "C", ALTER COLUMN session TYPE text COLLATE "C";
  ALTER TABLE mpm.event DROP CONSTRAINT event_pkey;
  DROP INDEX mpm.event_n;
  ALTER TABLE mpm.event ADD PRIMARY KEY (tenant, n, week);
  DROP TRIGGER keep_words ON mpm.body;
  DROP FUNCTION mpm.keep_words();
  ALTER TABLE mpm.body DROP COLUMN words;
  DO $$ DECLARE part record; BEGIN
    FOR part IN SELECT c.oid::regclass AS name, CASE WHEN c.relname LIKE 'body%' THEN 'json' ELSE 'words' END AS field
      FROM pg_class c WHERE c.relnamespace = 'mpm'::regnamespace AND c.relname ~ '^(body|words)(_w[0-9]+)?$' AND c.relkind IN ('r', 'p')
    LOOP
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', part.name, part.field);
    END LOOP;
  EXCEPTION WHEN feature_not_supported THEN NULL; -- a server that was built without it
  END $$;
  CREATE TABLE mpm.claimed (
    tenant text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, name)
  );
  ${fence("claimed", inTenant)}
  CREATE INDEX known_week ON mpm.known USING brin (week);
  ALTER TABLE mpm.version ADD COLUMN oldest integer NOT NULL DEFAULT 0;
`;

/**
 * Whether a session has signals, whichever version wrote it: within a text of JSON every quote has a backslash before it.
 * Those of before there were signals are to be told them, where they may have some (rebuild.ts).
 */
const SIGNALS = `
  ALTER TABLE mpm.session ADD COLUMN signals boolean NOT NULL GENERATED ALWAYS AS (json LIKE '%"signals":[{%') STORED;
  CREATE INDEX session_signals ON mpm.session (tenant, last_at, id) WHERE signals;
  CREATE TABLE mpm.rebuild (${OWNED}, session text COLLATE "C" NOT NULL, PRIMARY KEY (tenant, session));
  INSERT INTO mpm.rebuild SELECT s.tenant, s.user_id, s.id FROM mpm.session s JOIN mpm.event e ON e.tenant = s.tenant AND e.session = s.id
    WHERE s.json NOT LIKE '%"watch":{%'
      AND (e.event IN ('PostToolUseFailure', 'UserPromptSubmit') OR (e.event = 'PostToolUse' AND e.file IS NOT NULL))
    GROUP BY s.tenant, s.user_id, s.id HAVING count(*) >= 3;
  ${fence("rebuild", inTenant)}
`;

/**
 * Words of events by blocks (blocks.ts): a block is a row of mpm.words with the ids of its events in their order, `n` is that
 * of the first one, and each event names its block. Rows of before, and of monitors of before, have no ids: they are of the
 * one event that has their id. A row is written twice, the second time within its page: no index is touched then.
 * Whoever removes an event, of whatever version, removes its words from its block.
 *
 * Beside them: what tells the states of a session apart though a failover numbers transactions again, and whether what was
 * claimed is kept where it was found.
 */
const BLOCKS = `
  ALTER TABLE mpm.session ADD COLUMN written text NOT NULL DEFAULT '';
  ALTER TABLE mpm.claimed ADD COLUMN kept boolean NOT NULL DEFAULT true;
  ALTER TABLE mpm.event ADD COLUMN block text COLLATE "C";
  ALTER TABLE mpm.words ADD COLUMN n bigint, ADD COLUMN ids text[] COLLATE "C";
  DO $$ DECLARE part record; BEGIN
    FOR part IN SELECT c.oid::regclass AS name, c.relkind AS kind FROM pg_class c
      WHERE c.relnamespace = 'mpm'::regnamespace AND c.relname ~ '^words(_w[0-9]+)?$' AND c.relkind IN ('r', 'p')
    LOOP
      IF part.kind = 'r' THEN EXECUTE format('ALTER TABLE %s SET (fillfactor = 45)', part.name); END IF;
      BEGIN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN ids SET COMPRESSION lz4', part.name);
      EXCEPTION WHEN feature_not_supported THEN NULL; -- a server that was built without it
      END;
    END LOOP;
  END $$;
  CREATE FUNCTION mpm.without_events(words tsvector, ids text[], gone text[]) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(string_agg('''' || l.lexeme || ''':' || array_to_string(l.kept, ','), ' '), '')::tsvector
    FROM (SELECT lexeme, ARRAY(SELECT place FROM unnest(positions) AS place WHERE (ids[place] = ANY (gone)) IS NOT TRUE) AS kept
      FROM unnest(words)) AS l
    WHERE l.kept <> '{}'
  $$;
  CREATE FUNCTION mpm.forget_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM mpm.words w USING
      (SELECT week, tenant, block, array_agg(id) AS ids FROM gone WHERE block IS NOT NULL GROUP BY week, tenant, block) g
      WHERE w.week = g.week AND w.tenant = g.tenant AND w.id = g.block AND array_remove(w.ids, NULL) <@ g.ids;
    UPDATE mpm.words w SET words = mpm.without_events(w.words, w.ids, g.ids),
      ids = ARRAY(SELECT CASE WHEN o.id = ANY (g.ids) THEN NULL ELSE o.id END FROM unnest(w.ids) WITH ORDINALITY AS o (id, place) ORDER BY o.place)
      FROM (SELECT week, tenant, block, array_agg(id) AS ids FROM gone WHERE block IS NOT NULL GROUP BY week, tenant, block) g
      WHERE w.week = g.week AND w.tenant = g.tenant AND w.id = g.block;
    RETURN NULL;
  END $$;
  CREATE TRIGGER forget_words AFTER DELETE ON mpm.event REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION mpm.forget_words();
`;

const MIGRATIONS: readonly string[] = [TABLES, TEAM, QUICK, SIGNALS, BLOCKS];
export const SCHEMA_VERSION = MIGRATIONS.length;
/**
 * The oldest version of a monitor that goes on rightly on the schema of this one: raised together with a step that takes
 * something away. Whoever is older says that it has to be upgraded, and takes no event.
 */
const OLDEST = 2;
/**
 * Options of new partitions. Words lie outside of their rows, which are few pages then for what an index has found; a page
 * is filled up to where each of its rows can be written once more within it.
 */
export const PARTITION_OPTIONS = { words: "WITH (toast_tuple_target = 128, fillfactor = 45)" } as const;

/**
 * Columns of new partitions of which the planner is to know nothing: to gather that of words takes longer than storing them,
 * again and again, and no question is planned by it.
 */
export const WITHOUT_STATISTICS = { event: [], body: ["json"], words: ["words", "ids"] } as const;

/**
 * The condition that there is a table of ours by a name, an expression. Read from the catalogue: what to_regclass says may be
 * of before a lock was waited for.
 */
export const isTable = (name: string): string =>
  `EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'mpm'::regnamespace AND c.relname = ${name})`;

/** Throws where a newer monitor has changed the schema to what this one does not know. */
export async function mustBeCurrent(sql: Statements): Promise<void> {
  const [found] = await sql.rows("SELECT version, oldest FROM mpm.version");
  const [version, oldest] = [integer(found, "version"), integer(found, "oldest")];
  if (oldest > SCHEMA_VERSION) throw new Newer(version);
}

/** The schema's version; 0 where there is none. */
async function versionIn(sql: Statements): Promise<number> {
  const [made] = await sql.rows("SELECT to_regclass('mpm.version') AS version");
  if (made?.["version"] === null) return 0;
  const [found] = await sql.rows("SELECT version FROM mpm.version");
  return Number(found?.["version"] ?? 0);
}

/** The version of a schema that monitors of an older version work with, and that is left to them; undefined where there is none. */
export async function olderVersion(database: Database): Promise<number | undefined> {
  const version = await database.read(DEFAULT_SCOPE, versionIn);
  return version > 0 && version < SCHEMA_VERSION ? version : undefined;
}

/** Of a database that keeps all that events say. */
const ENCODING = "UTF8";

/** Leads the database to this version. Rejects with what PostgreSQL says. */
export function migrate(
  database: Database,
): Promise<Result<void, ReasonOf<"store_newer"> | ReasonOf<"store_unavailable">>> {
  const lead = async (sql: Statements): ReturnType<typeof migrate> => {
    const [kept] = await sql.rows("SELECT current_setting('server_encoding') AS encoding");
    const encoding = text(kept, "encoding");
    if (encoding !== ENCODING)
      return failed({
        code: "store_unavailable",
        cause: `the database has the encoding ${encoding}: make one with ENCODING '${ENCODING}'`,
      });
    await sql.run("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
    const version = await versionIn(sql);
    if (version === 0) {
      await sql.run("CREATE SCHEMA IF NOT EXISTS mpm");
      await sql.run("CREATE TABLE mpm.version (version integer NOT NULL)");
      await sql.run("INSERT INTO mpm.version VALUES (0)");
    }
    if (version > SCHEMA_VERSION) return failed({ code: "store_newer", file: "PostgreSQL", version });
    for (const step of MIGRATIONS.slice(version)) await sql.run(step);
    if (version < SCHEMA_VERSION)
      await sql.run("UPDATE mpm.version SET version = $1, oldest = $2", [SCHEMA_VERSION, OLDEST]);
    return done(undefined);
  };
  return database.write(DEFAULT_SCOPE, lead, "migration");
}
