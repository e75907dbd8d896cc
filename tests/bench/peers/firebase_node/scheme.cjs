// firebase-admin sends ":scheme: https:", with URL.protocol's colon; HTTP/2 servers refuse that.
const http2 = require('http2');
const connect = http2.connect;

http2.connect = function (...args) {
  const session = connect.apply(this, args);
  const request = session.request;
  session.request = function (headers, ...rest) {
    if (headers && headers[':scheme'] === 'https:') headers[':scheme'] = 'https';
    return request.call(this, headers, ...rest);
  };
  return session;
};
