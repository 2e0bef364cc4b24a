"""Puts certificates before a running server, one pair of files after the other, and comes to it as a replica does, with this machine's OpenSSL."""
import base64, json, socket, ssl, struct, subprocess, sys

CA, NODE, SOCKET = sys.argv[1:]


def comes_in(address):
    # Its client would refuse a server with a certificate that it finds wrong.
    if subprocess.run(["mariadb", "--skip-ssl", "-e", "FLUSH SSL"], stderr=subprocess.DEVNULL).returncode != 0:
        return "out"
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_ciphers("DEFAULT:@SECLEVEL=2")
        context.load_verify_locations(CA)
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(5)
            plain.connect(SOCKET)
            plain.recv(4096)
            # CLIENT_PROTOCOL_41, CLIENT_SSL and CLIENT_SECURE_CONNECTION
            plain.sendall(struct.pack("<IIIB23x", 32 | 1 << 24, 0x8A00, 1 << 24, 45))
            with context.wrap_socket(plain, server_hostname=address):
                return "in"
    except (OSError, ssl.SSLError):
        return "out"


for case in json.load(sys.stdin):
    for place, text in ((CA, case["ca"]), (NODE, case["certificate"])):
        with open(place, "wb") as file:
            file.write(base64.b64decode(text))
    print(comes_in(case["address"]))
