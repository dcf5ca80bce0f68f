import type { Migration } from '../migrate.ts'

/** What a search tried, trial by trial as they end; how sensitive units are; the measured points of a front. */
export const tuning: Migration = {
  version: 5,
  name: 'tuning',
  sql: `
    CREATE TABLE trials (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      stage TEXT NOT NULL,
      settings TEXT NOT NULL,
      samples INTEGER NOT NULL,
      key TEXT NOT NULL,
      protocol TEXT NOT NULL,
      score REAL,
      float_score REAL,
      score_error REAL,
      nsr REAL,
      scales TEXT NOT NULL,
      model TEXT NOT NULL,
      seconds REAL NOT NULL,
      inference_seconds REAL NOT NULL,
      inferences INTEGER NOT NULL,
      saved_inferences INTEGER NOT NULL,
      fault TEXT,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX trials_by_key ON trials (key);

    CREATE TABLE sensitivity (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      unit TEXT NOT NULL,
      layer TEXT,
      op TEXT NOT NULL,
      nodes TEXT NOT NULL,
      tensors TEXT NOT NULL,
      rank INTEGER NOT NULL,
      alone REAL NOT NULL,
      all_but_one REAL,
      accumulated REAL,
      alone_score REAL,
      all_but_one_score REAL,
      accumulated_score REAL,
      weight_nsr REAL,
      input_nsr REAL,
      output_nsr REAL,
      clip_share REAL,
      macs_share REAL,
      cumulative_share REAL NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE pareto (
      run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      settings TEXT NOT NULL,
      plan TEXT NOT NULL,
      protocol TEXT NOT NULL,
      score REAL,
      lost REAL,
      nsr REAL NOT NULL,
      predicted_nsr REAL NOT NULL,
      bit_macs REAL NOT NULL,
      bytes REAL NOT NULL,
      macs_int16 REAL NOT NULL,
      macs_float REAL NOT NULL,
      latency REAL,
      front INTEGER NOT NULL,
      chosen INTEGER NOT NULL,
      PRIMARY KEY (run, position)
    ) STRICT, WITHOUT ROWID;
  `,
}
