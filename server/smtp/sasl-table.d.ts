/** The mechanisms of the SMTP engine, by `SASL_<name>`. */
declare module 'smtp-server/lib/sasl.js' {
  const table: object
  export default table
}
