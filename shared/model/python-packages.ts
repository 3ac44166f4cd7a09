/** Packages whose name is not that of the module they bring: `module package`, one a line. */
const RENAMED = `
attr attrs
atlassian atlassian-python-api
barcode python-barcode
bs4 beautifulsoup4
bson pymongo
consul python-consul
Crypto pycryptodome
cv2 opencv-python
dateutil python-dateutil
discord discord.py
dns dnspython
docx python-docx
dotenv python-dotenv
faiss faiss-cpu
ffmpeg ffmpeg-python
fitz PyMuPDF
git GitPython
github PyGithub
gitlab python-gitlab
googleapiclient google-api-python-client
graphql graphql-core
gridfs pymongo
haystack haystack-ai
jenkins python-jenkins
jose python-jose
jwt PyJWT
kafka kafka-python
ldap python-ldap
magic python-magic
mpl_toolkits matplotlib
msgraph msgraph-sdk
multipart python-multipart
mysql mysql-connector-python
MySQLdb mysqlclient
nacl PyNaCl
OpenSSL pyOpenSSL
opensearchpy opensearch-py
PIL Pillow
pkg_resources setuptools
playhouse peewee
pptx python-pptx
psycopg psycopg[binary,pool]
psycopg2 psycopg2-binary
pylab matplotlib
rest_framework djangorestframework
ruamel ruamel.yaml
seleniumwire selenium-wire
serial pyserial
shapefile pyshp
shopify ShopifyAPI
skimage scikit-image
sklearn scikit-learn
slugify python-slugify
smb pysmb
smbclient smbprotocol
snowflake snowflake-connector-python
socks PySocks
tabula tabula-py
telegram python-telegram-bot
umap umap-learn
usb pyusb
vt vt-py
weaviate weaviate-client
websocket websocket-client
yaml pyyaml
zmq pyzmq
google.api google-api-core
google.auth google-auth
google.generativeai google-generativeai
google.oauth2 google-auth
google.protobuf protobuf
google.rpc googleapis-common-protos
google.type googleapis-common-protos
google_auth_oauthlib google-auth-oauthlib
google.cloud.exceptions google-cloud-core
google.cloud.secretmanager google-cloud-secret-manager
google.cloud.pubsub google-cloud-pubsub
azure.storage.filedatalake azure-storage-file-datalake
azure.storage.fileshare azure-storage-file-share
`;

const PACKAGES = new Map(
  RENAMED.trim()
    .split('\n')
    .map((line): [string, string] => {
      const [module = '', name = ''] = line.split(' ');
      return [module, name];
    }),
);

/** Modules that many packages share; each child is a package of its own, named `a-b-c` unless {@link RENAMED} knows better. */
const SHARED = new Set([
  'google',
  'google.cloud',
  'azure',
  'azure.ai',
  'azure.communication',
  'azure.data',
  'azure.keyvault',
  'azure.mgmt',
  'azure.monitor',
  'azure.search',
  'azure.storage',
]);

/**
 * The packages that bring `module`, of which `names` are imported. None for a bare shared namespace such as `google`; where
 * nothing is known of a module, the package is taken to have its name.
 */
export const packagesFor = (module: string, names: string[]): string[] => {
  if (!SHARED.has(module)) return [packageFor(module.split('.'))];
  const children = names.filter((name) => name !== '*').map((name) => `${module}.${name}`);
  return children.flatMap((child) => (SHARED.has(child) ? [] : [packageFor(child.split('.'))]));
};

const packageFor = (segments: string[]): string => {
  let length = 1;
  while (SHARED.has(segments.slice(0, length).join('.'))) length += 1;
  const named = segments
    .slice(0, length)
    .map((segment, index) => (index > 1 ? segment.replace(/_v\d\w*$/, '') : segment));
  return PACKAGES.get(named.join('.')) ?? named.join('-').replaceAll('_', '-');
};
