// Runs once for each release, before its dynos start: the place for a database migration. If it fails, the release
// before it goes on serving.
console.log(`release command of ${process.env.HEROKU_RELEASE_VERSION}`);
