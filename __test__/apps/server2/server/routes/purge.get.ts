export default defineEventHandler(async (event) => {
  const { path } = getQuery(event);
  await (path ? purgeRoute(String(path)) : purgeAllRoutes());
  return {};
});
