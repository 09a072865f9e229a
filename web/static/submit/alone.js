/**
 * Runs `act` while no other window of this browser runs one for the same key (Web Locks API). Browsers provide locks
 * only with TLS; without it, the server's idempotency suffices.
 */
export function alone(key, act) {
  if (!navigator.locks) return act();
  return navigator.locks.request(`pawdium-upload-${key}`, act);
}
