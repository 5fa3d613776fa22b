// Loaded before the program: SIGUSR2 throws where nobody catches, SIGWINCH rejects where nobody looks.
process.on("SIGUSR2", () => {
  throw new TypeError("the words of a person")
})
process.on("SIGWINCH", () => void Promise.reject(new TypeError("the words of a person")))
