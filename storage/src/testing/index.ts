export { lacksMongo, lacksOwnMongo, startMongo, type TestMongo } from "./mongo-server.js";
