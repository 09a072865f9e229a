// Settings: https://timgit.github.io/pg-boss. As shipped, a worker fetches one job every two seconds. Batched:
// large batches, the shortest polling interval, and notifyWorker(), with which a worker that received a full batch
// fetches the next one at once.
import { setTimeout as delay } from "node:timers/promises";
import PgBoss from "pg-boss";
import { batched, concurrency, connections, contend, pieces, queue } from "./contender.js";

const polling = batched ? { batchSize: 2000, pollingIntervalSeconds: 0.5 } : { batchSize: 1, pollingIntervalSeconds: 2 };

async function start() {
  const boss = new PgBoss({ connectionString: process.env.BENCH_POSTGRES, max: connections });
  boss.on("error", console.error);
  await boss.start();
  return boss;
}

const stop = (boss) => boss.stop({ graceful: true, wait: true, timeout: 20_000 });

await contend({
  async prepare() {
    const boss = await start();
    await boss.createQueue(queue);
    await stop(boss);
  },

  async connect() {
    const boss = await start();
    return {
      add: (n) => boss.send(queue, { n }),
      async addMany(count) {
        for (const piece of pieces(count, 5000)) {
          await boss.insert(piece.map((n) => ({ name: queue, data: { n } })));
        }
      },
      close: () => stop(boss),
    };
  },

  async work(handle, claiming) {
    const boss = await start();
    claiming();
    await Promise.all(
      Array.from({ length: concurrency }, async (_, i) => {
        // Spread the workers' polls over the interval, so that a job in an idle queue waits for a fraction of it,
        // not for half of it.
        await delay(((polling.pollingIntervalSeconds * 1000) / concurrency) * i);
        const id = await boss.work(queue, polling, async (jobs) => {
          if (batched && jobs.length === polling.batchSize) boss.notifyWorker(id);
          for (const job of jobs) handle(job.data.n);
        });
      }),
    );
    return { stop: () => stop(boss) };
  },
});
