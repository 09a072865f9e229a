/**
 * Acts while no other window of this browser acts on the same key (Web Locks API); another one waits. Browsers keep
 * locks only with TLS; without, the server's idempotency has to do.
 */
export function alone(key, act) {
  if (!navigator.locks) return act();
  return navigator.locks.request(`pawdium-upload-${key}`, act);
}
