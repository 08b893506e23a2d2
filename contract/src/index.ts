export type ErrorId = string;
