/** Ends when it is sent something. */
process.stdin.once('data', () => process.exit(1))
