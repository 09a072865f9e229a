/*
 * Uploads that the server hasn't accepted yet, stored with their files in the browser (Indexed Database API 3.0), so
 * that a reload, a crash or a dead battery loses none.
 */

import { soon } from "./soon.js";

const STORE = "uploads";

/** The longest time that the page waits for the database. */
const PATIENCE_MS = 1500;

/** Older uploads are considered abandoned. */
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
 * One member's uploads. If the browser can't store anything (private windows, full disks, databases that don't open),
 * every promise still resolves.
 */
export class Outbox {
  constructor(member) {
    this.member = member;
    this.database = open();
    // Handled where it is used. This only prevents an unhandled rejection.
    this.database.catch(() => {});
  }

  async act(mode, act) {
    const transaction = (await this.database).transaction(STORE, mode);
    // A full disk fails the transaction after the request itself has succeeded.
    const written = new Promise((resolve, reject) => {
      transaction.addEventListener("complete", resolve);
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
    const [result] = await Promise.all([settled(act(transaction.objectStore(STORE))), written]);
    return result;
  }

  /** The stored uploads, oldest first. Deletes uploads of all members that are too old. */
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

  /** Stores a record. False if it can't be stored. */
  async keep(record) {
    try {
      await this.act("readwrite", (store) => store.put({ ...record, member: this.member }));
      return true;
    } catch {
      return false;
    }
  }

  /** The record as stored by any window; undefined if there is none. */
  async find(key) {
    return this.act("readonly", (store) => store.get(key)).catch(() => undefined);
  }

  async remove(key) {
    await this.act("readwrite", (store) => store.delete(key)).catch(() => {});
  }
}

/** A new key of 128 random bits. (`crypto.randomUUID` requires TLS.) */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
