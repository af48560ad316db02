import dynalite from "dynalite";

export default async function start() {
  const engine = dynalite({ createTableMs: 0 });
  await new Promise((resolve) => engine.listen(0, "127.0.0.1", resolve));
  // Inherited by the processes and threads that run the tests.
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${engine.address().port}`;
  process.env.AWS_REGION = "eu-west-1";
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  return () => new Promise((resolve) => engine.close(resolve));
}
