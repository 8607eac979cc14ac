/* A libmodbus client: reads COUNT times WORDS input registers from 0 of unit 1, checks that register
 * N holds 1000 + N, and prints the seconds that took.
 *   client tcp PORT COUNT WORDS
 *   client rtu PATH COUNT WORDS          at 115200 8N1
 *   client tcp PORT COUNT WORDS UNITS    from units 1 to UNITS in turn, whatever they hold, and once
 *                                        round two registers further on, so that hardly a request
 *                                        is like another
 *   client tcp PORT show TABLE ADDR WORDS UNIT   prints the words of one request, in decimal; TABLE
 *                                        is i (input) or h (holding)
 */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PLACES 16

static int show(char **argv) {
    unsigned short words[125];
    int addr = atoi(argv[5]), many = atoi(argv[6]);
    modbus_t *bus = modbus_new_tcp("127.0.0.1", atoi(argv[2]));
    if (!bus || many > 125 || modbus_set_slave(bus, atoi(argv[7])) || modbus_connect(bus)) return 2;
    int got = *argv[4] == 'i' ? modbus_read_input_registers(bus, addr, many, words)
                              : modbus_read_registers(bus, addr, many, words);
    if (got != many) return 3;
    for (int at = 0; at < many; at++) printf("%u\n", words[at]);
    return 0;
}

int main(int argc, char **argv) {
    unsigned short words[125];
    struct timespec begun, ended;
    if (argc == 8 && !strcmp(argv[3], "show")) return show(argv);
    if (argc != 5 && argc != 6) return 1;
    int rtu = !strcmp(argv[1], "rtu"), count = atoi(argv[3]), many = atoi(argv[4]);
    int units = argc == 6 ? atoi(argv[5]) : 0;
    modbus_t *bus = rtu ? modbus_new_rtu(argv[2], 115200, 'N', 8, 1)
                        : modbus_new_tcp("127.0.0.1", atoi(argv[2]));
    if (!bus || many > 125 || modbus_set_slave(bus, 1) || modbus_connect(bus)) return 2;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int n = 0; n < count; n++) {
        int from = units ? 2 * (n / units % PLACES) : 0;
        if (units) modbus_set_slave(bus, 1 + n % units);
        if (modbus_read_input_registers(bus, from, many, words) != many) return 3;
        for (int at = 0; !units && at < many; at++) if (words[at] != 1000 + at) return 4;
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f\n", (ended.tv_sec - begun.tv_sec) + (ended.tv_nsec - begun.tv_nsec) / 1e9);
    return 0;
}
