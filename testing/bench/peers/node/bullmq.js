// Settings: https://docs.bullmq.io/guide/workers/concurrency, and finished jobs are removed as in
// https://docs.bullmq.io/guide/queues/auto-removal-of-jobs.
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { concurrency, contend, pieces, queue } from "./contender.js";

const connection = () => new Redis({ path: process.env.BENCH_REDIS, maxRetriesPerRequest: null });
const defaultJobOptions = { removeOnComplete: true };

await contend({
  async prepare() {},

  async connect() {
    const jobs = new Queue(queue, { connection: connection(), defaultJobOptions });
    await jobs.waitUntilReady();
    return {
      add: (n) => jobs.add("noop", { n }),
      async addMany(count) {
        for (const piece of pieces(count, 5000)) {
          await jobs.addBulk(piece.map((n) => ({ name: "noop", data: { n } })));
        }
      },
      close: () => jobs.close(),
    };
  },

  async work(handle, claiming) {
    const worker = new Worker(queue, async (job) => handle(job.data.n), {
      connection: connection(),
      concurrency,
      autorun: false,
    });
    await worker.waitUntilReady();
    claiming();
    worker.run();
    return { stop: () => worker.close() };
  },
});
