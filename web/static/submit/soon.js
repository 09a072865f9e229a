/** What a promise comes to, or undefined where that takes longer than `ms`. */
export function soon(promise, ms) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms))]);
}
