export { openMongoSeries } from "../mongodb/series/mongo-series.js";
export { lacksMongo, lacksOwnMongo, startMongo, type TestMongo } from "./mongo-server.js";
