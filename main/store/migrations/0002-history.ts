import type { Migration } from '../migrate.ts'

/**
 * What people write on runs, and a line of each run for the list, so that pages and filters read no document. `summary_facts` says
 * where every column of a line comes from: lines are written from it whenever a run is. A gate that failed may be waived, for ever;
 * each model has at most one baseline. `imported`: when the run came from another workspace; what it names was not chosen here.
 */
export const history: Migration = {
  version: 2,
  name: 'history',
  sql: `
    ALTER TABLE runs ADD COLUMN imported TEXT;
    CREATE INDEX runs_by_head ON runs (archived, id, verb, status, created, seconds, parent, model_sha256);

    CREATE TABLE notes (
      run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
      text TEXT NOT NULL CHECK (text <> '')
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE waivers (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      rule TEXT NOT NULL,
      reason TEXT NOT NULL,
      created TEXT NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE baselines (
      model_sha256 TEXT PRIMARY KEY,
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      created TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX baselines_by_run ON baselines (run);

    CREATE TABLE summaries (
      run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
      model TEXT,
      method TEXT,
      bits INTEGER,
      board TEXT,
      protocol TEXT,
      unit TEXT,
      float REAL,
      simulated REAL,
      fused REAL,
      latency_ratio REAL,
      size_ratio REAL,
      worst_db REAL,
      gates_passed INTEGER,
      gates_failed INTEGER,
      fault TEXT,
      words TEXT NOT NULL,
      lost REAL AS (CASE WHEN float = simulated THEN 0.0 ELSE float - simulated END)
    ) STRICT, WITHOUT ROWID;

    CREATE VIEW summary_facts AS
    SELECT
      id AS run,
      document ->> '$.model.path' AS model,
      document ->> '$.recipe.quantize.activations.method' AS method,
      CASE json_type(document, '$.recipe.quantize.activations.bits') WHEN 'integer' THEN document ->> '$.recipe.quantize.activations.bits' END AS bits,
      document ->> '$.recipe.board' AS board,
      document ->> '$.quality.protocol' AS protocol,
      document ->> '$.quality.unit' AS unit,
      (SELECT value FROM metrics WHERE run = id AND position = 0 AND version = 'float') AS float,
      (SELECT value FROM metrics WHERE run = id AND position = 0 AND version = 'simulated') AS simulated,
      (SELECT value FROM metrics WHERE run = id AND position = 0 AND version = 'fused') AS fused,
      document ->> '$.latency.ratio' AS latency_ratio,
      document ->> '$.size.ratio' AS size_ratio,
      coalesce((SELECT min(sqnr_db) FROM layers WHERE run = id AND mode = 'accumulated'), (SELECT min(sqnr_db) FROM layers WHERE run = id)) AS worst_db,
      (SELECT sum(passed) FROM gates WHERE run = id) AS gates_passed,
      (SELECT sum(NOT passed) FROM gates WHERE run = id) AS gates_failed,
      document -> '$.fault' AS fault,
      lower(coalesce(document ->> '$.model.path', '') || char(10) || coalesce(document ->> '$.notes', '')) AS words
    FROM runs;

    INSERT INTO summaries SELECT * FROM summary_facts;
  `,
}
