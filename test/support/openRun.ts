import { Run } from "../../provider/src/run";

/** Read by jest before each file of tests: its tests are one run, whose progress nobody watches. A test may open another. */
new Run().enter();
