/* A libmodbus server: register N holds 1000 + N, coil N is set if N divides by 3.
 *   server tcp                listens on a free port of loopback and prints it
 *   server rtu PATH UNIT      serves unit UNIT at 115200 8N1 and prints "ready"
 *   server tcp FILE
 *   server rtu PATH UNIT FILE has all 65536 registers, with what FILE says: lines of a table (i
 *                             input, h holding), an address and a word, in decimal */
#include <arpa/inet.h>
#include <modbus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int load(const char *path, modbus_mapping_t *kept) {
    FILE *in = fopen(path, "r");
    unsigned addr, word;
    char table;
    if (!in) return -1;
    while (fscanf(in, " %c %u %u", &table, &addr, &word) == 3)
        (table == 'i' ? kept->tab_input_registers : kept->tab_registers)[addr & 0xFFFF] = word;
    return fclose(in);
}

int main(int argc, char **argv) {
    int rtu = argc >= 4 && !strcmp(argv[1], "rtu"), listener = -1;
    const char *file = argc == (rtu ? 5 : 3) ? argv[argc - 1] : NULL;
    int words = file ? 65536 : 1000;
    modbus_t *bus = rtu ? modbus_new_rtu(argv[2], 115200, 'N', 8, 1) : modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *kept = modbus_mapping_new(2000, 2000, words, words);
    unsigned char query[MODBUS_TCP_MAX_ADU_LENGTH];
    if (!bus || !kept) return 1;
    for (int n = 0; n < 1000; n++) kept->tab_registers[n] = kept->tab_input_registers[n] = 1000 + n;
    if (file && load(file, kept)) return 5;
    for (int n = 0; n < 2000; n++) kept->tab_bits[n] = kept->tab_input_bits[n] = n % 3 == 0;
    if (rtu) {
        modbus_set_slave(bus, atoi(argv[3]));
        if (modbus_connect(bus)) return 2;
        puts("ready");
    } else {
        struct sockaddr_in here = {.sin_family = AF_INET};
        socklen_t size = sizeof here;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        listener = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listener, (struct sockaddr *)&here, size) || listen(listener, 8)) return 3;
        getsockname(listener, (struct sockaddr *)&here, &size);
        printf("%d\n", ntohs(here.sin_port));
    }
    fflush(stdout);
    signal(SIGCHLD, SIG_IGN);
    while (!rtu) { /* a process for each client */
        if (modbus_tcp_accept(bus, &listener) < 0) return 4;
        if (!fork()) break;
        close(modbus_get_socket(bus));
    }
    for (;;) {
        int got = modbus_receive(bus, query);
        if (got > 0) modbus_reply(bus, query, got, kept);
        else if (got < 0 && !rtu) return 0; /* the client has gone */
    }
}
