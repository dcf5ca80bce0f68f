import type { Job, JobRegistry } from './jobs.ts'
import { exportBoardsJob, exportPlaceJob, exportPreviewJob, exportSheetJob } from './jobs/export-preview.ts'
import { graphJob } from './jobs/graph-view.ts'
import { explainJob } from './jobs/explain.ts'
import { inspectView } from './jobs/inspect.ts'
import { belowJob, layerPlanJob } from './jobs/layer-plan.ts'
import { auditViewJob } from './jobs/audit.ts'
import { repairViewJob } from './jobs/repair-view.ts'
import { weightsMatchJob } from './jobs/weights.ts'
import { rewriteFindJob, rewritePreviewJob } from './jobs/rewrite.ts'
import { sampleLookJob } from './jobs/sample-look.ts'
import { samplePreviewJob } from './jobs/sample-preview.ts'
import { sampleCoverageJob, sampleLeakJob, sampleListedJob, sampleThumbnailsJob } from './jobs/sample-views.ts'
import { pictureListJob, picturesJob, thumbnailJob, vectorsJob } from './jobs/pictures.ts'

/** What a screen looks at: pictures and models, opened when asked by a process that keeps its sessions for the next question. */
export const VIEWS = { 'picture-list': pictureListJob, pictures: picturesJob, thumbnail: thumbnailJob, vectors: vectorsJob, graph: graphJob, inspect: inspectView, 'layer-plan': layerPlanJob, 'explain-tensor': explainJob, below: belowJob,
  'rewrite-find': rewriteFindJob, 'rewrite-preview': rewritePreviewJob, repair: repairViewJob, audit: auditViewJob,
  'export-boards': exportBoardsJob, 'export-preview': exportPreviewJob, 'export-place': exportPlaceJob, 'export-sheet': exportSheetJob,
  'weights-match': weightsMatchJob, 'sample-look': sampleLookJob, 'sample-thumbnails': sampleThumbnailsJob, 'sample-preview': samplePreviewJob, 'sample-coverage': sampleCoverageJob, 'sample-leak': sampleLeakJob, 'sample-listed': sampleListedJob,
} as const

export type ViewKind = keyof typeof VIEWS
export type ViewInput<K extends ViewKind> = Parameters<(typeof VIEWS)[K]>[0]
export type View<K extends ViewKind> = Awaited<ReturnType<(typeof VIEWS)[K]>>

export const views: JobRegistry = new Map(Object.entries(VIEWS) as [string, Job][])
