// The protocol between contenders and the driver, as in src/queue/protocol.rs: a verb in the arguments, one JSON
// line per event, and the end of standard input as the request to stop.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

export const concurrency = 24;
/** Number of concurrent callers. */
const callers = 64;
/** Maximum connections of a pool. */
export const connections = process.argv[2] === "enqueue-at-once" ? callers : concurrency + 1;
/** Whether to use the fastest batches, instead of the peer's defaults. */
export const batched = process.env.BENCH_BATCHED === "1";
export const queue = "bench";

/** Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
export const now = () => Number(process.hrtime.bigint());

const say = (line) => writeSync(1, JSON.stringify(line) + "\n");

/**
 * Runs the driver's verb on a peer, which has these functions:
 *   prepare()                  creates the schema
 *   connect()                  returns { add(n), addMany(count), close() }
 *   work(handle, claiming)     connects a worker, calls claiming() just before its first claim and handle(n) in its
 *                              handler; returns { stop() }
 */
export async function contend(peer) {
  const [verb, number] = process.argv.slice(2);
  const verbs = {
    prepare: async () => {
      await peer.prepare();
      say({ event: "prepared" });
    },
    "enqueue-singly": () => enqueueSingly(peer, Number(number)),
    "enqueue-at-once": () => enqueueAtOnce(peer, Number(number)),
    "enqueue-bulk": () => enqueueBulk(peer, Number(number)),
    work: () => work(peer, Number(number)),
    announce: () => work(peer),
    dispatch: () => dispatch(peer),
  };
  await verbs[verb]();
  process.exit(0);
}

async function enqueueSingly(peer, count) {
  const jobs = await peer.connect();
  for (let n = 0; n < count / 20; n++) await jobs.add(n);
  const begin = now();
  for (let n = 0; n < count; n++) await jobs.add(n);
  say({ event: "took", seconds: (now() - begin) / 1e9 });
  await jobs.close();
}

async function enqueueAtOnce(peer, count) {
  const jobs = await peer.connect();
  const addAll = (count) =>
    Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        for (let n = caller; n < count; n += callers) await jobs.add(n);
      }),
    );
  await addAll(count / 20);
  const begin = now();
  await addAll(count);
  say({ event: "took", seconds: (now() - begin) / 1e9 });
  await jobs.close();
}

async function enqueueBulk(peer, count) {
  const jobs = await peer.connect();
  const begin = now();
  await jobs.addMany(count);
  say({ event: "took", seconds: (now() - begin) / 1e9 });
  await jobs.close();
}

async function work(peer, expected) {
  let handled = 0;
  const count = () => {
    handled++;
    if (handled === expected) say({ event: "handled", jobs: handled });
  };
  const announce = (n) => {
    say({ event: "started", job: n, at: now() });
    handled++;
  };
  const claiming = () => say({ event: "claiming", at: now() });
  const worker = await peer.work(expected === undefined ? announce : count, claiming);
  for await (const _ of createInterface({ input: process.stdin }));
  await worker.stop();
  say({ event: "stopped", jobs: handled });
}

async function dispatch(peer) {
  const jobs = await peer.connect();
  let job = 0;
  for await (const _ of createInterface({ input: process.stdin })) {
    await jobs.add(job);
    say({ event: "enqueued", job, at: now() });
    job++;
  }
  await jobs.close();
}

/** The numbers from 0 to count, in chunks of at most size. */
export function* pieces(count, size) {
  for (let from = 0; from < count; from += size) {
    yield Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
  }
}
