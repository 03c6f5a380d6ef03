import type { TestApp } from 'holdfast/testing';

export { TestApp, VirtualClock } from 'holdfast/testing';

export declare const testApp: TestApp;
