/** The value of a promise, or undefined if it takes longer than `ms`. */
export function soon(promise, ms) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms))]);
}
