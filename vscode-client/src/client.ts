/** The entry of the bundle that is loaded when a server starts; see `esbuild.mjs`. */

export { connect } from './server/client';
