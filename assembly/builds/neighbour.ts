// The MAC of a neighbour alone: for hosts whose IP stack need not ask.
export { neighbour } from "../neighbour";
