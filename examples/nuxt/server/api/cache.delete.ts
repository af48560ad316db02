export default defineEventHandler(async () => {
  await useStorage("cache").clear();
  return { cleared: true };
});
