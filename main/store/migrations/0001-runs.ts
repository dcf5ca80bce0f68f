import type { Migration } from '../migrate.ts'

/**
 * Runs and their parts. `document` is the run's JSON without the parts that have tables of their own; `parts` names those that the
 * run has, so that an empty list and an absent one stay apart. `position` keeps the order. Numbers that are not finite: Infinity is
 * kept, NaN is NULL.
 */
export const runs: Migration = {
  version: 1,
  name: 'runs',
  sql: `
    PRAGMA application_id = ${0x53435752};

    CREATE TABLE runs (
      id TEXT PRIMARY KEY,
      verb TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled')),
      created TEXT NOT NULL,
      seconds REAL NOT NULL,
      parent TEXT REFERENCES runs (id),
      model_sha256 TEXT,
      calibration_sha256 TEXT,
      evaluation_sha256 TEXT,
      document TEXT NOT NULL CHECK (json_valid(document)),
      parts TEXT NOT NULL CHECK (json_valid(parts)),
      archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
      pid INTEGER,
      process TEXT
    ) STRICT;
    CREATE INDEX runs_by_parent ON runs (parent);
    CREATE INDEX runs_by_model ON runs (model_sha256);
    CREATE INDEX runs_running ON runs (status) WHERE status = 'running';

    CREATE TABLE tags (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      tag TEXT NOT NULL,
      PRIMARY KEY (tag, run)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tags_by_run ON tags (run);

    CREATE TABLE metrics (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      version TEXT NOT NULL CHECK (version IN ('float', 'simulated', 'fused')),
      protocol TEXT NOT NULL,
      sample TEXT NOT NULL,
      value REAL,
      PRIMARY KEY (run, position, version)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE scales (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      tensor TEXT NOT NULL,
      kind TEXT NOT NULL,
      type TEXT NOT NULL,
      granularity TEXT NOT NULL,
      axis INTEGER,
      scale TEXT NOT NULL,
      zero_point TEXT NOT NULL,
      lo REAL,
      hi REAL,
      method TEXT NOT NULL,
      float INTEGER NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE layers (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      node TEXT NOT NULL,
      op TEXT NOT NULL,
      tensor TEXT NOT NULL,
      mode TEXT NOT NULL,
      sqnr_db REAL,
      cosine REAL,
      mse REAL,
      max_abs REAL,
      clipped_percent REAL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE operators (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      node TEXT NOT NULL,
      op TEXT NOT NULL,
      version TEXT NOT NULL,
      us REAL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE proofs (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      rewrite TEXT NOT NULL,
      nodes TEXT NOT NULL,
      verdict TEXT NOT NULL,
      max_abs REAL,
      inputs INTEGER NOT NULL,
      borders INTEGER NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE findings (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      rule TEXT NOT NULL,
      severity TEXT NOT NULL,
      node TEXT NOT NULL,
      tensor TEXT NOT NULL,
      what TEXT NOT NULL,
      why TEXT NOT NULL,
      fix TEXT NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE gates (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      rule TEXT NOT NULL,
      measured REAL,
      passed INTEGER NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE artifacts (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      role TEXT NOT NULL,
      path TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX artifacts_by_content ON artifacts (sha256);

    CREATE TABLE statistics_index (
      key TEXT PRIMARY KEY,
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      bytes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
}
