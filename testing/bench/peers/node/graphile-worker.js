// Settings: https://worker.graphile.org/docs/performance for its quick stats, or its defaults. Logging is off,
// because logging each job to a console would cost more than running it.
process.env.NO_LOG_SUCCESS = "1";

import { EventEmitter } from "node:events";
import { batched, concurrency, connections, contend } from "./contender.js";

const { Logger, makeWorkerUtils, run, runMigrations } = await import("graphile-worker");

const batches = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };

const options = (events) => ({
  preset: {
    worker: {
      connectionString: process.env.BENCH_POSTGRES,
      concurrentJobs: concurrency,
      maxPoolSize: connections,
      ...(batched ? batches : {}),
      logger: new Logger(() => () => {}),
    },
  },
  noHandleSignals: true,
  events,
});

await contend({
  prepare: () => runMigrations(options()),

  async connect() {
    const utils = await makeWorkerUtils(options());
    return {
      add: (n) => utils.addJob("noop", { n }),
      addMany: (count) =>
        utils.addJobs(Array.from({ length: count }, (_, n) => ({ identifier: "noop", payload: { n } }))),
      close: () => utils.release(),
    };
  },

  async work(handle, claiming) {
    const events = new EventEmitter();
    // A started worker first asks for a job.
    events.once("worker:getJob:start", claiming);
    const runner = await run({ ...options(events), taskList: { noop: async ({ n }) => handle(n) } });
    return { stop: () => runner.stop() };
  },
});
