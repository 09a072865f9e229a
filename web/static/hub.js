import { watch } from "./live.js";
