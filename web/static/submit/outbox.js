/*
 * Uploads that were not accepted yet, with their files, kept by the browser (Indexed Database API 3.0), so that a reload,
 * a crash or a dead battery loses none.
 */

import { soon } from "./soon.js";

const STORE = "uploads";

/** Longer than this nobody waits for the page. */
const PATIENCE_MS = 1500;

/** Whoever has not come back by then has given them up. */
const KEPT_MS = 14 * 24 * 3600 * 1000;

function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

async function open() {
  const request = indexedDB.open("pawdium", 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE, { keyPath: "key" }));
  const database = await soon(settled(request), PATIENCE_MS);
  if (!database) throw new Error("the browser's database doesn't open");
  return database;
}

/**
 * One member's uploads. Where the browser keeps nothing (private windows, full disks, databases that don't open) every
 * promise still resolves.
 */
export class Outbox {
  constructor(member) {
    this.member = member;
    this.database = open();
    // Handled where it is used; here only so that nobody calls it unhandled.
    this.database.catch(() => {});
  }

  async act(mode, act) {
    const transaction = (await this.database).transaction(STORE, mode);
    // A full disk is told when all of it is to be written, after the request itself has gone well.
    const written = new Promise((resolve, reject) => {
      transaction.addEventListener("complete", resolve);
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
    const [result] = await Promise.all([settled(act(transaction.objectStore(STORE))), written]);
    return result;
  }

  /** What was left, oldest first. What is too old goes, whoever left it. */
  async list() {
    try {
      const all = await this.act("readonly", (store) => store.getAll());
      const old = all.filter((record) => record.added < Date.now() - KEPT_MS);
      await Promise.all(old.map((record) => this.remove(record.key)));
      const own = all.filter((record) => record.member === this.member && !old.includes(record));
      return own.sort((one, other) => one.added - other.added);
    } catch {
      return [];
    }
  }

  /** Keeps a record, or what has become of it. False: it can't be kept. */
  async keep(record) {
    try {
      await this.act("readwrite", (store) => store.put({ ...record, member: this.member }));
      return true;
    } catch {
      return false;
    }
  }

  /** A record as it is kept now, by whichever window; undefined when it isn't. */
  async find(key) {
    return this.act("readonly", (store) => store.get(key)).catch(() => undefined);
  }

  async remove(key) {
    await this.act("readwrite", (store) => store.delete(key)).catch(() => {});
  }
}

/** A new key: 128 random bits. (`crypto.randomUUID` is only there with TLS.) */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
