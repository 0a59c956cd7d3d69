/** Takes whatever it is sent, and never answers. */
process.stdin.resume()
