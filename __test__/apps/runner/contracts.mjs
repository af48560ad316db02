// The requests to an app, and the rows that its cached function writes.

/**
 * @typedef {object} Contract
 * @property {(id: string) => string} path of the cached function; every app knows `Oslo` and `Lima`
 * @property {(answer: any) => string | number} stamp the value that changes with every computation
 * @property {(id: string) => RegExp} row the key of the cached result
 * @property {number} ttl of the cached result, in seconds
 * @property {boolean} [hasSessions] whether there is a second mount, `sessions`, on the same table, and a function with
 * SWR
 */

/** @type {Contract} `__test__/apps/server2` and `server3` */
export const routes = {
  path: (id) => `/cached?id=${id}`,
  stamp: ({ nonce }) => nonce,
  row: (id) => new RegExp(`^cache:.*plain.*:${id}`),
  ttl: 300,
  hasSessions: true,
};

/** @type {Contract} */
export const nitroExample = {
  path: (id) => `/forecast/${id}`,
  stamp: ({ madeAt }) => madeAt,
  row: (id) => new RegExp(`^cache:.*forecast.*:${id}`),
  ttl: 300,
};

/** @type {Contract} */
export const nuxtExample = {
  path: (id) => `/api/forecast?city=${id}`,
  stamp: ({ weather }) => weather.madeAt,
  row: nitroExample.row,
  ttl: 90,
};

/** @type {Contract} */
export const lambdaExample = {
  path: (id) => `/?city=${id}`,
  stamp: nitroExample.stamp,
  row: (id) => new RegExp(`^forecast:${id}$`),
  ttl: 300,
};
