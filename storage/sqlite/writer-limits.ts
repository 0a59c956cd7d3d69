/** How far the writer goes; pages are SQLite's, of 4 KiB. */
export interface WriterLimits {
  /** Pages in the log from which on the other thread is asked to carry them over: 16 MiB, so that its own syncs are few. */
  readonly carryOverAt: number
  /**
   * A log that long does not begin anew by itself, because there is always a reader or a writer in it: 64 MiB. Then the
   * writer waits for a moment in which nobody reads.
   */
  readonly beginAnewAt: number
  /**
   * Pages in the log (1 GiB) at which nothing more is written: somebody has been reading one old state all the time, and the
   * disk would fill up instead.
   */
  readonly mostPages: number
  /** To which the log may grow while an old state is copied: copying gives up before mail has to wait for it. */
  readonly mostPagesOfCopying: number
  /** So often at most a database that failed is opened anew, in ms. */
  readonly reopenMs: number
}

export const WRITER_LIMITS: WriterLimits = {
  carryOverAt: 4_000,
  beginAnewAt: 16_384,
  mostPages: 262_144,
  mostPagesOfCopying: 131_072,
  reopenMs: 1_000,
}
